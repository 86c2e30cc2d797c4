"""A mail server that does as it is told: aiosmtpd, with TLS and users, down, slow, deferring and rejecting.

smtp_server.py PORT DIRECTORY [--tls=starttls|smtps] [--cert=FILE --key=FILE] [--user=NAME --password=WORD] [--keep]

What it accepts goes to DIRECTORY/log, a line of JSON each, and with --keep whole to DIRECTORY/N.eml and as a mail program
would show it to DIRECTORY/N.json: subject, text, html, files by name. DIRECTORY/mode says
how it behaves, read anew for every mail: ok; reject CODE; defer CODE; data CODE (answers so once it has the mail);
grey (the first attempt of each mail is deferred); third (a third of the mails fail, in one way or another); slow SECONDS;
stall (never answers); drop (closes the connection when it has the mail). DIRECTORY/ready appears when it listens.
"""

import asyncio
import email
import email.policy
import json
import os
import random
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

options = dict(argument[2:].partition("=")[::2] for argument in sys.argv[3:])
port, directory = int(sys.argv[1]), sys.argv[2]
log = open(os.path.join(directory, "log"), "a", buffering=1)
chance = random.Random(1)
seen = set()
count = 0


def mode():
    try:
        with open(os.path.join(directory, "mode")) as file:
            return file.read().split() or ["ok"]
    except FileNotFoundError:
        return ["ok"]


def shown(message):
    parts = {kind: message.get_body((kind,)) for kind in ("plain", "html")}
    bodies = {kind: part and part.get_content().replace("\r\n", "\n") for kind, part in parts.items()}
    return {
        "to": message["to"],
        "subject": message["subject"],
        "text": bodies["plain"],
        "html": bodies["html"],
        "files": {part.get_filename(): part.get_payload(decode=True).decode(errors="replace") for part in message.iter_attachments()},
    }


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, rcpt_options):
        word, *rest = mode()
        if word == "slow":
            await asyncio.sleep(float(rest[0]))
        if word == "stall":
            await asyncio.sleep(3600)
        if word in ("reject", "defer"):
            return f"{rest[0]} no"
        if word == "grey" and address not in seen:
            seen.add(address)
            return "451 4.7.1 greylisted, come again"
        if word == "third" and chance.random() < 1 / 9:
            return "450 4.2.1 not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        global count
        word, *rest = mode()
        if word == "data":
            return f"{rest[0]} no"
        if word == "drop" or (word == "third" and chance.random() < 1 / 8):
            server.transport.close()
            return "421 gone"
        if word == "third" and chance.random() < 1 / 7:
            return "452 4.3.1 no room now"
        count += 1
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        if "keep" in options:
            with open(os.path.join(directory, f"{count}.eml"), "wb") as file:
                file.write(envelope.original_content)
            with open(os.path.join(directory, f"{count}.json"), "w", encoding="utf-8") as file:
                json.dump(shown(message), file, ensure_ascii=False)
        log.write(
            json.dumps(
                {
                    "from": envelope.mail_from,
                    "to": envelope.rcpt_tos,
                    "id": message["message-id"],
                    "subject": message["subject"],
                    "tls": session.ssl is not None or options.get("tls") == "smtps",
                    "user": session.auth_data.login.decode() if session.auth_data else None,
                }
            )
            + "\n"
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    right = data.login.decode() == options["user"] and data.password.decode() == options["password"]
    return AuthResult(success=right, auth_data=data) if right else AuthResult(success=False, handled=False)


def factory(context):
    extra = {}
    if "user" in options:
        extra = {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    if options.get("tls") == "starttls":
        extra |= {"tls_context": context, "require_starttls": True}
    return SMTP(Handler(), hostname="mail.test", enable_SMTPUTF8=True, data_size_limit=None, **extra)


async def main():
    context = None
    if "tls" in options:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options["cert"], options["key"])
    await asyncio.get_running_loop().create_server(
        lambda: factory(context),
        "127.0.0.1",
        port,
        ssl=context if options.get("tls") == "smtps" else None,
    )
    open(os.path.join(directory, "ready"), "w").close()
    await asyncio.Event().wait()


asyncio.run(main())
