"""Council information systems with OParl 1.0 or 1.1: papers become documents, meetings events."""
