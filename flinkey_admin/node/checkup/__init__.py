"""Whether all is well with this installation: for `flinkey-admin check` and for the page that managers see."""
