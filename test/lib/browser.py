"""Headless Chromium by the WebDriver protocol, told on standard input what to do, a line each, answering a line each.

    get URL | click CSS | submit CSS | type CSS TEXT | clear CSS | text CSS | count CSS | js SCRIPT

submit is a click that leads to another page, which it waits for.
Answers are JSON: {"value": ...} or {"error": ...}. Needs chromium and chromium-driver.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"

with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
home = tempfile.mkdtemp()
driver = subprocess.Popen(
    ["chromedriver", f"--port={port}", "--log-level=OFF"],
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
    env=os.environ | {"HOME": home},
)


def ask(method, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)["value"]
    except urllib.error.HTTPError as error:
        raise RuntimeError(json.load(error)["value"]["message"].splitlines()[0]) from None


def wait_until_up():
    for _ in range(600):
        try:
            if ask("GET", "/status")["ready"]:
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("chromedriver does not start")


wait_until_up()
options = {
    "args": [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        f"--user-data-dir={home}/profile",
    ]
}
session = "/session/" + ask(
    "POST", "/session", {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
)["sessionId"]


def find(selector):
    return ask("POST", session + "/element", {"using": "css selector", "value": selector})[ELEMENT]


def script(text):
    return ask("POST", session + "/execute/sync", {"script": text, "args": []})


def obey(word, rest):
    if word == "get":
        return ask("POST", session + "/url", {"url": rest})
    if word == "click":
        return ask("POST", f"{session}/element/{find(rest)}/click", {})
    if word == "submit":
        script("window.before = true")
        ask("POST", f"{session}/element/{find(rest)}/click", {})
        for _ in range(600):
            if script("return !window.before && document.readyState == 'complete'"):
                return None
            time.sleep(0.05)
        raise RuntimeError("no other page came")
    if word == "type":
        selector, text = rest.split(" ", 1)
        return ask("POST", f"{session}/element/{find(selector)}/value", {"text": text})
    if word == "clear":
        return ask("POST", f"{session}/element/{find(rest)}/clear", {})
    if word == "text":
        return ask("GET", f"{session}/element/{find(rest)}/text")
    if word == "count":
        return len(ask("POST", session + "/elements", {"using": "css selector", "value": rest}))
    if word == "js":
        return script(rest)
    raise RuntimeError("no such command: " + word)


try:
    print(json.dumps({"value": "ready"}), flush=True)
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        try:
            answer = {"value": obey(word, rest)}
        except (RuntimeError, OSError) as error:
            answer = {"error": str(error)}
        print(json.dumps(answer), flush=True)
finally:
    try:
        ask("DELETE", session)
    finally:
        driver.terminate()
        driver.wait()
