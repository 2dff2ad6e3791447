"""The tasks of the challenge after the homework's own, VGG19."""
