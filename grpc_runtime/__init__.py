"""What every gRPC process of this project shares: servers, channels, errors, logs and metrics."""
