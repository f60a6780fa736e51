"""Where calendars are kept; each module implements `roles.calendar.backend.CalendarBackend`."""
