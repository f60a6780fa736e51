"""A house whose devices announce themselves at an MQTT broker, the way Home Assistant's MQTT discovery has it."""
