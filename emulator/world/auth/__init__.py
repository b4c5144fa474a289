"""How people prove who they are: passwords, second factors, and links in mails."""
