"""What templates ask about licences of datasets: one module per noun, as in `action`."""
