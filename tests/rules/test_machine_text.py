"""Absence notes and automatic messages are told from what people want, in three languages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from roomdesk.rules.machine_text import is_machine

MACHINES = (
    "I am out of the office until Monday 9 March. For urgent matters please contact Asen.",
    "Automatic reply: I am on holiday with no access to e-mail until 12 April.",
    "Thank you for your message. I am currently on annual leave and will reply when I return.",
    "Out of Office: Re: invoices",
    "Auto-reply: back on Tuesday",
    "This is an automated message, please do not reply.",
    "Your ticket 4711 was created. Please do not reply to this email.",
    "Автоматичен отговор: В отпуск съм до 15 март и ще отговоря след завръщането си.",
    "Извън офиса съм до понеделник. За спешни случаи: 0888 123 456.",
    "V otpusk sum do 15 mart, shte otgovorq sled tova.",
    "Resposta automática: Estou de férias até 12 de abril, sem acesso ao e-mail.",
    "Estou fora do escritório até segunda-feira. Para urgências fale com o Ivo.",
)
PEOPLE = (
    "How do I set the out of office message in the calendar?",
    "The out-of-office screen shows error 500.",
    "Out of office mode does not switch off.",
    "Asen is on holiday, who approves the invoices?",
    "Our accountant is on leave and nobody else can post.",
    "The automatic reply of the shop is sent twice.",
    "I do not get a reply from the API.",
    "Колегата е в отпуск, как да вляза с неговите права?",
    "As férias de um colaborador não aparecem no calendário.",
    "",
    "?",
)


@pytest.mark.parametrize("text", MACHINES)
def test_machines_are_recognised(text: str) -> None:
    assert is_machine(text)


@pytest.mark.parametrize("text", PEOPLE)
def test_people_are_not(text: str) -> None:
    assert not is_machine(text)


@pytest.mark.parametrize("name", ["triage.jsonl", "triage_own.jsonl"])
def test_nobody_who_wants_something_is_taken_for_a_machine(name: str) -> None:
    lines = [json.loads(line) for line in (Path(__file__).parents[1] / "data" / name).read_text("utf-8").splitlines()]
    wrong = [
        line["text"]
        for line in lines
        if is_machine(line["text"]) and line["expect"]["kind"] not in ("other", "small_talk")
    ]
    assert wrong == []
