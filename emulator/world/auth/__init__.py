"""Auth: passwords, second factors, and links in mails."""
