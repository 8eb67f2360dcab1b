"""What ckanext-harvest's actions say besides, and the previews of sources: one module per noun."""
