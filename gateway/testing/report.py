"""What comes back for messages that a sink has taken: delivery reports, and a complaint."""

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

_PLAIN = """\
From: Mailer-Daemon <mailer-daemon@post.example>
To: {reverse_path}
Subject: Unzustellbar: {subject}
Date: {date}
Message-ID: <plain.{identifier}@post.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Ihre Nachricht konnte nicht zugestellt werden.

<{recipient}>:
{words}

--- Kopfzeilen der Nachricht ---

Message-ID: <{message_id}>
To: {recipient}
Subject: {subject}
"""

_COMPLAINT = """\
From: Feedback <feedback@provider.example>
To: abuse@{domain}
Subject: Complaint about a mail from {domain}
Date: {date}
Message-ID: <complaint.{identifier}@provider.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="=_complaint"

--=_complaint
Content-Type: text/plain; charset=us-ascii

One of our customers calls this mail spam.

--=_complaint
Content-Type: message/feedback-report

Feedback-Type: abuse
User-Agent: Provider/1.0
Version: 1
Original-Rcpt-To: {recipient}

--=_complaint
Content-Type: message/rfc822

{original}
--=_complaint--
"""


def bounce_of(mail: SunkMail, *, status: str, diagnostic: str, action: str = "failed") -> bytes:
    """The octets of a report that `mail` did not reach its recipient; to be sent to its reverse-path."""
    return _filled(_REPORT, mail, status=status, diagnostic=diagnostic, action=action)


def plain_bounce_of(mail: SunkMail, words: str) -> bytes:
    """A report in free words that `mail` did not reach its recipient; none of it is of RFC 3464."""
    return _filled(_PLAIN, mail, words=words)


def complaint_of(mail: SunkMail) -> bytes:
    """A report that the recipient of `mail` called it spam, with the mail (RFC 5965)."""
    original = mail.octets.decode("ascii", "replace").replace("\r\n", "\n")
    return _filled(_COMPLAINT, mail, domain=mail.message_id.rpartition("@")[2], original=original)


def _filled(form: str, mail: SunkMail, **more: str) -> bytes:
    text = form.format(
        reverse_path=mail.reverse_path,
        subject=mail.message["Subject"],
        date=mail.message["Date"],
        identifier=mail.message_id.partition("@")[0],
        message_id=mail.message_id,
        recipient=mail.forward_paths[0],
        **more,
    )
    return text.replace("\n", "\r\n").encode()
