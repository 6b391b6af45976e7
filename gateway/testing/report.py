"""A delivery report as the next hop would write it (RFC 3464), for messages a sink has taken."""

from gateway.testing.sink import SunkMail

_REPORT = """\
From: Mail Delivery System <MAILER-DAEMON@relay.example>
To: {reverse_path}
Subject: Undelivered Mail Returned to Sender
Date: {date}
Message-ID: <report.{identifier}@relay.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_report"

--=_report
Content-Type: text/plain; charset=us-ascii

Your message could not be delivered.

<{recipient}>: {diagnostic}

--=_report
Content-Type: message/delivery-status

Reporting-MTA: dns; relay.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnostic}

--=_report
Content-Type: text/rfc822-headers

Message-ID: <{message_id}>
To: {recipient}

--=_report--
"""


def bounce_of(mail: SunkMail, *, status: str, diagnostic: str, action: str = "failed") -> bytes:
    """The octets of a report that `mail` did not reach its recipient; to be sent to its reverse-path."""
    text = _REPORT.format(
        reverse_path=mail.reverse_path,
        date=mail.message["Date"],
        identifier=mail.message_id.partition("@")[0],
        message_id=mail.message_id,
        recipient=mail.forward_paths[0],
        status=status,
        diagnostic=diagnostic,
        action=action,
    )
    return text.replace("\n", "\r\n").encode()
