"""A stand-in of a Jira Cloud site: projects, issues with their changelog, JQL, and REST v3."""
