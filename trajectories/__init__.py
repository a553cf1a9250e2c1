"""What happened: records, the run store, replay sources. Plain data that knows no other floor."""
