"""What the figures of a report mean and how they are computed: DataFrame in, DataFrame out, one noun a file."""
