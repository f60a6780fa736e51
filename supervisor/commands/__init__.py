"""What changes the log on somebody's word: decided on a stream, appended by compare-and-set."""
