//! Local servers with volumes, and what a server needs before a database can be made on it. What is here and why is told in each module.
