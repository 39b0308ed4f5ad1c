"""What the commands do, without how they are typed or shown: the lock, the steps of a run, its record, what is due."""
