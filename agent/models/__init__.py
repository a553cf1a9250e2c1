"""Who answers: providers by litellm, the embedded model, local servers, scripted and replayed answers."""
