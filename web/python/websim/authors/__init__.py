"""Authors: from what somebody says a robot should do, to rewards and measures as code."""
