"""What is kept on this machine: the data folder, certificates, and files that are written whole."""
