//! Workers on their own, without files and sockets.
