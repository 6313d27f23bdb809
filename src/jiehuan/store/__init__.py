"""The only room that speaks SQL: schema, migrations, named queries, the fence."""
