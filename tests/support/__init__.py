"""What the tests share: databases, a browser without JavaScript, a worker on demand."""
