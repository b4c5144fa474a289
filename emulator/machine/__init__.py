"""Machine: the data folder, certificates, locks, file handles and memory of this machine."""
