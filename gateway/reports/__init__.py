"""What is counted from the journal for those who improve the tables and talk to partners."""
