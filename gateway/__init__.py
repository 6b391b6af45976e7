"""MailFlow: a shop that lives by mail. Start reading at gateway/README.md."""

__version__ = "0.1.0"
