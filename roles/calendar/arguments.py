"""The arguments of the calendar role's tools."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from common.language.formats import PART, Duration, Person, Place, Subject, When

__all__ = ["AddArguments", "CancelArguments", "FindFreeArguments", "ListArguments", "MoveArguments", "RenameArguments"]

_MAX = 500


class _Arguments(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ListArguments(_Arguments):
    """Arguments of calendar.list."""

    when: When = Field(
        default="", max_length=_MAX, description="the day or range of days, in words; empty for the days to come"
    )
    about: str = Field(
        default="",
        max_length=_MAX,
        description="which events, in the user's words, such as my next dentist appointment; empty for all",
        json_schema_extra={"format": PART},
    )


class AddArguments(_Arguments):
    """Arguments of calendar.add."""

    subject: Subject = Field(default="", max_length=_MAX, description="what the event is called, such as dentist")
    when: When = Field(max_length=_MAX, description="the day and time, such as Saturday from 9 to 11")
    duration: Duration = Field(default="", max_length=_MAX, description="how long it takes, such as two hours")
    place: Place = Field(default="", max_length=_MAX, description="where it takes place")
    person: Person = Field(default="", max_length=_MAX, description="whom it is with")


class MoveArguments(_Arguments):
    """Arguments of calendar.move."""

    which: str = Field(
        min_length=1,
        max_length=_MAX,
        description="which event, in the user's words, such as my dentist appointment on Tuesday",
        json_schema_extra={"format": PART},
    )
    when: When = Field(default="", max_length=_MAX, description="its new time, such as Thursday at 3")


class RenameArguments(_Arguments):
    """Arguments of calendar.rename."""

    which: str = Field(
        min_length=1,
        max_length=_MAX,
        description="which event, in the user's words, such as the lunch on Friday",
        json_schema_extra={"format": PART},
    )
    name: Subject = Field(max_length=_MAX, description="what it is to be called, such as lunch with Ben")


class CancelArguments(_Arguments):
    """Arguments of calendar.cancel."""

    which: str = Field(
        min_length=1,
        max_length=_MAX,
        description="which event, in the user's words, such as the meeting with Tom",
        json_schema_extra={"format": PART},
    )
    when: When = Field(default="", max_length=_MAX, description="the day or time it is on")


class FindFreeArguments(_Arguments):
    """Arguments of calendar.find_free."""

    duration: Duration = Field(default="", max_length=_MAX, description="how much time is needed, such as 45 minutes")
    when: When = Field(default="", max_length=_MAX, description="the days to look at, such as next week")
