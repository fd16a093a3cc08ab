"""An endpoint that SDKs can talk to: the operations, without sockets."""
