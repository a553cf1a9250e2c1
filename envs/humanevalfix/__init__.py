"""HumanEvalFix: the benchmark's tasks in six languages, and the score of what was made of them."""
