"""Authentication: passwords, second factors, and links in mails."""
