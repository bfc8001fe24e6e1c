"""One Prefect task per stage; the body of each is one call into the domain."""
