//! MySQL and MariaDB behind the ports of the engine. What is here and why is told in each module.
