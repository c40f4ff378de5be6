project_name: shop
