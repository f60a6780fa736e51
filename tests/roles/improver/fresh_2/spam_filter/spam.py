"""A small spam filter (naive Bayes with rules before it)."""

import math
import re

BAD_HOSTS = ["win.example", "cash.example", "pills.example", "loans.example", "cheap.example", "free.example"]


def words(text):
    """The words of a mail."""
    return re.findall(r"[a-z']{3,}", text.lower())  # planted: regex-recompiled


def links(text):
    """Hosts that a mail links to."""
    hosts = []
    for m in re.finditer(r"https?://([\w.-]+)", text):  # planted: regex-recompiled
        host = m.group(1)
        if host not in hosts:
            hosts.append(host)
    return hosts


class Model:
    def __init__(self, spam, ham):
        self.spam = {}
        self.ham = {}
        for mail in spam:
            for w in words(mail):
                self.spam[w] = self.spam.get(w, 0) + 1
        for mail in ham:
            for w in words(mail):
                self.ham[w] = self.ham.get(w, 0) + 1

    def score(self, text):
        """Log odds of spam."""
        total = 0.0
        for w in words(text):
            s = (self.spam.get(w, 0) + 1) / (sum(self.spam.values()) + 2)  # planted: loop-invariant
            h = (self.ham.get(w, 0) + 1) / (sum(self.ham.values()) + 2)  # planted: loop-invariant
            total += math.log(s / h)
        return total


class SpamAgent:
    """Judges mails by examples."""

    def __init__(self, spam, ham, limit=0.0):
        self.model = Model(spam, ham)
        self.limit = limit
        self.senders = []

    def judge(self, mail):
        """A verdict and a reason."""
        if mail.get("sender") in self.senders:  # keep: list-membership
            return ["spam", "sender"]
        for host in links(mail["text"]):
            if host in BAD_HOSTS:
                return ["spam", "link"]
        score = self.model.score(mail["text"])
        return ["spam" if score > self.limit else "ham", round(score, 4)]

    def report(self, sender):
        """People report a sender."""
        self.senders.append(sender)
        return len(self.senders)
