"""E-mail by SMTP and IMAP: any provider's servers."""
