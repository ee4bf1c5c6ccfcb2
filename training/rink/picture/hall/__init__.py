"""How a rink looks: ice, boards, stands, bystanders, score graphics."""
