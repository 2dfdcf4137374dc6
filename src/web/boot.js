// Placeholder until the boot module lands.
