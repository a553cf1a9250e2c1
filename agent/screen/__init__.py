"""What a person or a program sees of a run on the command line: readers of its events and nothing else."""
