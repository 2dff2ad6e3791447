"""Networks that Keras does not ship: the classics at full size, and those of the course's own race.

Importing this package costs milliseconds; Keras loads inside the functions that build.
"""
