"""What the maintainers of the tables do with a release: draft, check, compare.

They work in a folder with `ir_directory/` and `routing_tables/`, in LibreOffice or Excel; nothing
here changes what decides.
"""
