"""The texts of files: which are to be read, what became of them, and the job that reads them."""
