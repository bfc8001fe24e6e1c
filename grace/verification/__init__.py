"""Change → Verification: the target's own tests, run apart from this machine, judge a change."""
