"""A stand-in of a ServiceNow instance: its tables, their business rules, and the Table API."""
