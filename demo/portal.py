#!/usr/bin/python3
"""What a web application has to do for gdpr's forms, whole: an example, with nothing but Python and psycopg.

    demo/portal.py PORT "host=... dbname=... user=web"

The login role is a member of gdpr_web and of nothing else. Pages: / is the form of an opt-in, /?token=... what a link in a mail leads to. A link
alone, a GET, changes nothing and shows nothing of anybody; buttons post. Tokens go to the database as parameters, never in a statement's text.
"""

import html
import http.server
import json
import sys
import urllib.parse

import psycopg

PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
FORM = "signup"

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ margin: 0; font: 1.125rem/1.5 sans-serif; }}
main {{ max-width: 40rem; margin: 0 auto; padding: 1rem; }}
label {{ display: block; margin: 1rem 0; }}
input[type=text], input[type=email] {{ display: block; width: 100%; padding: .5rem; font: inherit; box-sizing: border-box; }}
button {{ padding: .75rem 1.5rem; font: inherit; }}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
{body}
</main>
</body>
</html>
"""

SIGNUP = """<form method="post" action="/">
<label>Your e-mail address <input type="email" name="email" required autocomplete="email"></label>
<label>Your name <input type="text" name="name" autocomplete="name"></label>
<label><input type="checkbox" name="news"> Yes, send me the monthly news.</label>
<button type="submit">Sign up</button>
</form>"""


def page(title, body):
    return PAGE.format(title=html.escape(title), body=body)


def button(token, action, text, fields=""):
    return (
        '<form method="post"><input type="hidden" name="token" value="{}">{}'
        '<button type="submit" name="action" value="{}">{}</button></form>'
    ).format(html.escape(token), fields, action, html.escape(text))


class Refused(Exception):
    """What the database said no to, as the visitor may know it."""


def call(function, *arguments):
    """One function of gdpr, with parameters of the statement."""
    try:
        with psycopg.connect(DATABASE, autocommit=True) as connection:
            places = ", ".join(["%s"] * len(arguments))
            return connection.execute(f"SELECT gdpr.{function}({places})", arguments).fetchone()[0]
    except psycopg.errors.InvalidAuthorizationSpecification:
        raise Refused("This link is not valid. It was used, or its time is over.") from None
    except psycopg.Error as error:
        # Its message is for the application's log; who fills in a form learns that it did not work.
        print("refused:", error.sqlstate, file=sys.stderr)
        raise Refused("This could not be done. Please look at what you entered.") from None


def as_json(value):
    return psycopg.types.json.Jsonb(value)


def portal(token):
    """What is held of the person, and what they can do about it."""
    answer = call("self_access", token)
    table, key = answer["subject"]["table"], answer["subject"]["key"]
    own = answer["data"][table][0]
    fields = "".join(
        f'<label>{html.escape(column)} <input type="text" name="column:{html.escape(column)}" value="{html.escape(value)}"></label>'
        for column, value in own.items()
        if isinstance(value, str)
    )
    in_force = {one["purpose"]: one["given"] for one in answer["consents"]}  # their history, the newest last
    consents = "".join(
        button(token, "withdraw:" + html.escape(purpose), "Withdraw consent to " + purpose)
        for purpose, given in in_force.items()
        if given
    )
    return page(
        "Your data",
        f"<h2>Correct</h2>{button(token, 'rectify', 'Correct', fields)}<h2>Consent</h2>{consents}"
        f"<h2>All that we hold</h2><pre>{html.escape(json.dumps(answer, indent=1, ensure_ascii=False))}</pre>",
    )


def show(token):
    """What a link leads to: the token's first letter tells."""
    if token.startswith("c"):
        return call("render_consent_form", token)
    if token.startswith("o"):
        return page("Please confirm", "<p>Do you want to be stored with what you entered?</p>" + button(token, "confirm", "Yes, confirm"))
    if token.startswith("a"):
        return page("Your new address", "<p>Shall we write to this address from now on?</p>" + button(token, "address", "Yes"))
    return page("Your data", "<p>See and correct what we hold of you.</p>" + button(token, "show", "Show my data"))


def post(fields, address, agent):
    token, action = fields.pop("token", ""), fields.pop("action", "")
    if not token:
        payload = {"email": fields.get("email", ""), "name": fields.get("name", ""), "purposes": ["news"] if "news" in fields else []}
        call("optin_submit", FORM, as_json(payload), address, agent)
        return page("Thank you", "<p>We have sent you a mail. Please follow its link to confirm.</p>")
    if action == "confirm":
        call("optin_confirm", token, address)
        return page("Thank you", "<p>You are confirmed.</p>")
    if action == "rectify":
        changes = {name[7:]: value for name, value in fields.items() if name.startswith("column:")}
        if call("self_rectify", token, as_json(changes)) is None:
            return page("Thank you", "<p>We have sent a mail to your new address. Please follow its link, then all is corrected.</p>")
        return portal(token)
    if action == "address":
        call("self_confirm", token)
        return page("Thank you", "<p>Your data is corrected.</p>")
    if action.startswith("withdraw:"):
        call("self_withdraw", token, action[9:])
        return portal(token)
    if action == "show":
        return portal(token)
    call("answer_consent_form", token, as_json(fields), address, agent)
    return page("Thank you", "<p>Your answers are recorded.</p>")


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, make):
        try:
            status, body = 200, make()
        except Refused as refused:
            status, body = 400, page("Sorry", f"<p>{html.escape(str(refused))}</p>")
        content = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("X-Frame-Options", "DENY")
        self.end_headers()
        self.wfile.write(content)

    def do_GET(self):
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        token = query.get("token", [""])[0]
        self.answer(lambda: show(token) if token else page("Sign up", SIGNUP))

    def do_POST(self):
        length = min(int(self.headers.get("Content-Length", 0)), 65536)
        fields = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode(), keep_blank_values=True))
        self.answer(lambda: post(fields, self.client_address[0], self.headers.get("User-Agent", "")))

    def log_message(self, *arguments):
        """The path holds the token: it is not logged."""


if __name__ == "__main__":
    http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
