"""German, with the day of the week before a time."""

DATE_FORMAT = "j. F Y"
SHORT_DATE_FORMAT = "d.m.Y"
DATETIME_FORMAT = "D d.m.Y, H:i"
SHORT_DATETIME_FORMAT = "d.m.Y, H:i"
TIME_FORMAT = "H:i"
THOUSAND_SEPARATOR = "."
DECIMAL_SEPARATOR = ","
