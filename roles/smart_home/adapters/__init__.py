"""Houses; each module implements `roles.smart_home.backend.HouseBackend`."""
