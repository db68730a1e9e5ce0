"""The fields of each kind of object, as the official SDK names them (API 2026-10-28): an object has them all, null or not.

A test compares this with the installed SDK (tests/billing/fake_stripe/test_conformance.py).
"""

from __future__ import annotations

API_VERSION = "2026-10-28.endive"

_FIELDS = {
    "customer": """
        address balance business_name cash_balance created currency customer_account default_source
        delinquent description email id individual_name invoice_credit_balance invoice_prefix
        invoice_settings livemode metadata name next_invoice_sequence object phone preferred_locales
        shipping tax_exempt test_clock
    """,
    "product": """
        active created default_price description id images livemode marketing_features metadata name object
        package_dimensions shippable statement_descriptor tax_code tax_details type unit_label updated url
    """,
    "price": """
        active billing_scheme created currency currency_options custom_unit_amount id livemode lookup_key
        metadata nickname object product recurring tax_behavior tiers tiers_mode transform_quantity type
        unit_amount unit_amount_decimal
    """,
    "coupon": """
        amount_off applies_to created currency currency_options duration duration_in_months id livemode
        max_redemptions metadata name object percent_off redeem_by times_redeemed valid
    """,
    "promotion_code": """
        active code created customer customer_account expires_at id livemode max_redemptions metadata object
        promotion restrictions times_redeemed
    """,
    "discount": """
        checkout_session customer customer_account end id invoice invoice_item object promotion_code source
        start subscription subscription_item
    """,
    "subscription": """
        application application_fee_percent automatic_tax billing_cycle_anchor billing_cycle_anchor_config
        billing_mode billing_schedules billing_thresholds cancel_at cancel_at_period_end canceled_at
        cancellation_details collection_method created currency customer customer_account days_until_due
        default_payment_method default_source default_tax_rates description discounts ended_at id
        invoice_settings items latest_invoice livemode managed_payments metadata
        next_pending_invoice_item_invoice object on_behalf_of pause_collection payment_settings
        pending_invoice_item_interval pending_setup_intent pending_update presentment_details schedule
        start_date status status_details test_clock transfer_data trial_end trial_settings trial_start
    """,
    "subscription_item": """
        billed_until billing_thresholds created current_period_end current_period_start current_trial
        discounts id metadata object plan price quantity subscription tax_rates
    """,
    "invoice": """
        account_country account_name account_tax_ids amount_due amount_overpaid amount_paid
        amount_paid_off_stripe amount_remaining amount_shipping application attempt_count attempted
        auto_advance automatic_tax automatically_finalizes_at billing_reason collection_method
        confirmation_secret created currency custom_fields customer customer_account customer_address
        customer_email customer_name customer_phone customer_shipping customer_tax_exempt customer_tax_ids
        default_payment_method default_source default_tax_rates description discounts due_date effective_at
        ending_balance footer from_invoice hosted_invoice_url id invoice_pdf issuer last_finalization_error
        latest_revision lines livemode metadata next_payment_attempt number object on_behalf_of parent
        payment_settings payments period_end period_start post_payment_credit_notes_amount
        pre_payment_credit_notes_amount receipt_number rendering shipping_cost shipping_details
        starting_balance statement_descriptor status status_details status_transitions subtotal
        subtotal_excluding_tax test_clock threshold_reason total total_discount_amounts total_excluding_tax
        total_pretax_credit_amounts total_taxes webhooks_delivered_at
    """,
    "line_item": """
        amount currency description discount_amounts discountable discounts id invoice livemode metadata
        object parent period pretax_credit_amounts pricing quantity quantity_decimal subscription subtotal
        taxes
    """,
    "invoiceitem": """
        amount currency customer customer_account date description discountable discounts frozen_fields id
        invoice invoicing_rules livemode metadata net_amount object parent period pricing proration
        proration_details quantity quantity_decimal tax_rates test_clock
    """,
    "payment_method": """
        allow_redisplay billing_details card created customer customer_account id livemode metadata object
        radar_options type
    """,
    "payment_intent": """
        allowed_payment_method_types amount amount_capturable amount_details amount_received application
        application_fee_amount automatic_payment_methods canceled_at cancellation_reason capture_method
        client_secret confirmation_method created currency customer customer_account description
        excluded_payment_method_types hooks id last_payment_error latest_charge livemode managed_payments
        metadata next_action object on_behalf_of payment_details payment_method
        payment_method_configuration_details payment_method_options payment_method_types payment_record
        presentment_details processing receipt_email review setup_future_usage shipping source
        statement_descriptor statement_descriptor_suffix status transfer_data transfer_group
    """,
    "charge": """
        amount amount_captured amount_refunded application application_fee application_fee_amount
        authorization_code balance_transaction billing_details calculated_statement_descriptor captured
        created currency customer description disputed failure_balance_transaction failure_code
        failure_message fraud_details id level3 livemode metadata object on_behalf_of outcome paid
        payment_intent payment_method payment_method_details presentment_details radar_options receipt_email
        receipt_number receipt_url refunded review shipping source source_transfer statement_descriptor
        statement_descriptor_suffix status transfer transfer_data transfer_group
    """,
    "refund": """
        amount balance_transaction charge created currency customer customer_account description
        destination_details failure_balance_transaction failure_reason id instructions_email metadata
        next_action object payment_intent payment_method pending_reason presentment_details reason
        receipt_number source_transfer_reversal status transfer_reversal
    """,
    "setup_intent": """
        allowed_payment_method_types application attach_to_self automatic_payment_methods
        cancellation_reason client_secret created customer customer_account description
        excluded_payment_method_types flow_directions id last_setup_error latest_attempt livemode
        managed_payments mandate metadata next_action object on_behalf_of payment_method
        payment_method_configuration_details payment_method_options payment_method_types single_use_mandate
        status usage
    """,
    "checkout.session": """
        adaptive_pricing after_expiration allow_promotion_codes allowed_payment_method_types amount_subtotal
        amount_total automatic_tax billing_address_collection branding_settings cancel_url
        client_reference_id client_secret collected_information consent consent_collection created currency
        currency_conversion custom_fields custom_text customer customer_account customer_creation
        customer_details customer_email discounts excluded_payment_method_types expires_at id
        integration_identifier invoice invoice_creation livemode locale managed_payments metadata mode
        name_collection object optional_items origin_context payment_intent payment_link
        payment_method_collection payment_method_configuration_details payment_method_options
        payment_method_types payment_status permissions phone_number_collection presentment_details
        recovered_from redirect_on_completion return_url saved_payment_method_options setup_intent
        shipping_address_collection shipping_cost shipping_options status submit_type subscription
        success_url tax_id_collection total_details ui_mode url wallet_options
    """,
    "billing_portal.session": """
        after_expiration configuration created customer customer_account flow id livemode locale object
        on_behalf_of return_url url
    """,
    "event": """
        account api_version context created data id livemode object pending_webhooks request type
    """,
    "test_helpers.test_clock": """
        created deletes_after frozen_time id livemode name object status status_details
    """,
    "customer_balance_transaction": """
        amount checkout_session created credit_note currency customer customer_account description
        ending_balance id invoice livemode metadata object type
    """,
    "tax_id": """
        country created customer customer_account id livemode object owner type value verification
    """,
    "invoice_payment": """
        amount_paid amount_requested created currency id invoice is_default livemode object payment status
        status_transitions
    """,
    "webhook_endpoint": """
        api_version application created description enabled_events id livemode metadata object secret status
        url
    """,
}
FIELDS: dict[str, tuple[str, ...]] = {kind: tuple(names.split()) for kind, names in _FIELDS.items()}
